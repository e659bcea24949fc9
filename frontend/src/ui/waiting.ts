/** How long the line before a model is, in words. */
export function inLine(ahead: number): string {
  return ahead === 1 ? 'Waiting: 1 answer is written before yours' : `Waiting: ${ahead} answers are written before yours`;
}
