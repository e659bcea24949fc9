/**
 * Text out of a PDF breaks where the page's lines ended. Such a break becomes a space, so that a paragraph
 * flows in whatever width there is. One character for one character: offsets into the text still hold.
 */
export function reflow(text: string): string {
  return text.replace(WITHIN_PARAGRAPH, ' ');
}

/** After a line of some length, before a line that begins no paragraph, list, heading, table or quotation. */
const WITHIN_PARAGRAPH = /(?<=[^\n]{48})\n(?=[^\s#>|*•–\-\d])/gu;
