"""Of a PDF, headings and tables are told by how they are printed, and no character is moved for it."""

from knowledge_vault.chunking import chunk
from knowledge_vault.parsing.parsed import Parsed, Table
from knowledge_vault.values import ChunkSizes
from tests.knowledge_vault.making import Printed, a_printed_pdf
from tests.knowledge_vault.test_parsing import read

PROSE = [Printed.of(f"Line {number} of what is told about bees at length here.") for number in range(12)]


def titles(parsed: Parsed) -> list[tuple[int, str]]:
    for heading in parsed.outline:
        first_word = heading.title.split()[0]
        assert parsed.text[heading.start :].startswith(first_word), "it lies at its very characters"
    return [(heading.level, heading.title) for heading in parsed.outline]


async def test_larger_and_bold_lines_are_headings_and_running_headers_are_none() -> None:
    def page(number: int, *lines: Printed) -> list[Printed]:
        return [Printed.of(f"Handbook, page {number}", is_bold=True), *lines]

    parsed = await read(
        "handbook.pdf",
        a_printed_pdf(
            page(1, Printed.of("Keeping", size=20), Printed.of("bees", size=20), *PROSE),
            page(2, Printed.of("1. Hives", is_bold=True), *PROSE),
            page(
                3,
                Printed.of("2. Wintering", is_bold=True),
                Printed.of("and all that ends in a stop.", size=14),
            ),
            page(4, Printed.of("Page 4 of 4", size=13), *PROSE),
        ),
    )
    assert titles(parsed) == [(1, "Keeping bees"), (2, "1. Hives"), (2, "2. Wintering")]
    spans = chunk(
        parsed, lambda texts: [len(text) // 4 for text in texts], sizes=ChunkSizes(characters=600, least=100)
    )
    [last] = [span for span in spans if span.page == 4][-1:]
    assert last.heading == "Keeping bees › 2. Wintering"


async def test_the_files_own_table_of_contents_counts_before_looks() -> None:
    parsed = await read(
        "contents.pdf",
        a_printed_pdf(
            [Printed.of("A LARGE BANNER", size=30), Printed.of("Hives"), *PROSE],
            [Printed.of("Wintering of"), *PROSE],
            [Printed.of("3. Honey"), *PROSE],
            bookmarks=[("Hives", 0), ("Wintering of bees", 1), ("Honey", 2)],
        ),
    )
    assert [heading.title for heading in parsed.outline] == [
        "Hives",
        "Wintering of bees",
        "Honey",
    ]


async def test_where_all_lines_look_alike_there_are_no_headings() -> None:
    parsed = await read("plain.pdf", a_printed_pdf(PROSE, [Printed.of("Short"), *PROSE]))
    assert parsed.outline == ()
    bold = [Printed.of(line.words[50], is_bold=True) for line in PROSE]
    assert (await read("bold.pdf", a_printed_pdf(bold, bold))).outline == ()


async def test_lines_whose_cells_stand_in_columns_are_a_table_with_its_heading_row() -> None:
    def row(*cells: str) -> Printed:
        return Printed(dict(zip((50, 200, 350), cells, strict=False)))

    parsed = await read(
        "yields.pdf",
        a_printed_pdf(
            [
                Printed.of("What the hives gave in these years, by kind of bee:"),
                row("Kind", "Honey", "Wax"),
                row("carnica", "27 kg", "2 kg"),
                row("ligustica", "31 kg", "3 kg"),
                row("mellifera", "19 kg"),
                Printed.of("The rest was eaten."),
                row("Keeper:", "Ilse Brandt"),
                row("Place:", "Talm"),
                row("Since:", "1887"),
            ]
        ),
    )
    [table] = parsed.tables
    assert parsed.text[table.start : table.header_end].split() == ["Kind", "Honey", "Wax"]
    assert parsed.text[table.start : table.end].endswith("19 kg")


def test_each_part_of_a_long_table_is_embedded_with_the_heading_row() -> None:
    rows = "Kind Honey\n" + "".join(f"carnica{number} {number} kg\n" for number in range(40))
    text = f"Before it.\n{rows}After it."
    start = text.index("Kind")
    parsed = Parsed(
        text, (), "plain", tables=(Table(start, start + len(rows) - 1, start + len("Kind Honey")),)
    )
    assert Parsed.from_json(parsed.to_json()) == parsed
    spans = chunk(
        parsed, lambda texts: [len(each) // 4 for each in texts], sizes=ChunkSizes(characters=200, overlap=0)
    )
    within = [span for span in spans if span.start > start and span.end < start + len(rows)]
    assert len(within) >= 2
    assert {span.lead for span in within} == {"Kind Honey"}
    assert all(text[span.start : span.end].startswith("carnica") for span in within), "no row is cut in two"
