/** The number of the page that holds this offset; `null` when the document has no pages. */
export function pageAt(pages: readonly { number: number; start: number; end: number }[], offset: number): number | null {
  return pages.find(({ start, end }) => offset >= start && offset < end)?.number ?? pages.at(-1)?.number ?? null;
}
