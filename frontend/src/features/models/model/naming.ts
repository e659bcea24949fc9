/** Names for models: what graphs keep, so it says on every server which model is meant. */

/** A name made of a file's or a model's own. */
export function suggestedName(title: string): string {
  return title
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^[._-]+|[._-]+$/g, '');
}
