/** Where to go after signing in: back to the page that asked for it, and never to another site. */
export function safeReturn(next: string | null): string {
  if (next === null || !next.startsWith('/') || next.startsWith('//') || next.startsWith('/\\')) return '/';
  return next;
}
