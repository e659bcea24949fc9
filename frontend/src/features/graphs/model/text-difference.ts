/** What was taken out of a text and what was put in, word by word. */

export interface Piece {
  text: string;
  change: 'same' | 'removed' | 'added';
}

/** Above this many pairs of words the texts are shown one after the other instead: comparing them would take long. */
const MOST_PAIRS = 4_000_000;

/** Words with the spaces after them; what has no spaces, character by character. */
function wordsOf(text: string): string[] {
  return text.match(/[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+\s*|\s+/g) ?? [];
}

/** The pieces of both texts in order; those that are the same or removed make `before`, the same or added `after`. */
export function textDifference(before: string, after: string): Piece[] {
  const old = wordsOf(before);
  const now = wordsOf(after);
  if (old.length * now.length > MOST_PAIRS) return joined([piece(before, 'removed'), piece(after, 'added')]);
  // The longest run of words that both have in this order, from every pair of places to the end.
  const width = now.length + 1;
  const longest = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number): number => longest[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      longest[row * width + column] =
        old[row] === now[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pieces: Piece[] = [];
  let row = 0;
  let column = 0;
  while (row < old.length || column < now.length) {
    const [gone, come] = [old[row], now[column]];
    if (gone !== undefined && gone === come) {
      pieces.push(piece(gone, 'same'));
      row += 1;
      column += 1;
    } else if (gone !== undefined && (come === undefined || at(row + 1, column) >= at(row, column + 1))) {
      pieces.push(piece(gone, 'removed'));
      row += 1;
    } else {
      pieces.push(piece(come ?? '', 'added'));
      column += 1;
    }
  }
  return joined(pieces);
}

function piece(text: string, change: Piece['change']): Piece {
  return { text, change };
}

function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const next of pieces) {
    const last = result.at(-1);
    if (next.text === '') continue;
    if (last?.change === next.change) result[result.length - 1] = piece(last.text + next.text, last.change);
    else result.push(next);
  }
  return result;
}
