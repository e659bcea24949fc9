/** Kinds of documents, as people call them. */
const OPEN_XML = 'application/vnd.openxmlformats-officedocument.';
const WORDS: Readonly<Record<string, string>> = {
  'application/pdf': 'PDF',
  [`${OPEN_XML}wordprocessingml.document`]: 'Word',
  [`${OPEN_XML}presentationml.presentation`]: 'PowerPoint',
  [`${OPEN_XML}spreadsheetml.sheet`]: 'Excel',
  'application/vnd.oasis.opendocument.text': 'OpenDocument',
  'application/epub+zip': 'E-book',
  'application/zip': 'ZIP archive',
  'application/rtf': 'Rich text',
  'text/html': 'Web page',
  'text/markdown': 'Markdown',
  'text/plain': 'Text',
  'text/csv': 'Table (CSV)',
  'text/tab-separated-values': 'Table (TSV)',
  'application/json': 'JSON',
  'application/x-ndjson': 'JSON lines',
  'message/rfc822': 'E-mail',
  'text/x-source': 'Code',
};

export function kindInWords(mediaType: string): string {
  return WORDS[mediaType] ?? mediaType;
}
