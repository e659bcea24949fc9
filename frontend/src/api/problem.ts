/** What the server says when it cannot do something: RFC 9457, with a title, a detail and facts. */
export class ApiProblem extends Error {
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  /** A stable name for programs, such as `urn:qanat:not-found`. */
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(document: { title: string; detail: string; status: number; type?: string } & Record<string, unknown>) {
    super(`${document.title}: ${document.detail}`);
    this.name = 'ApiProblem';
    this.title = document.title;
    this.detail = document.detail;
    this.status = document.status;
    this.kind = document.type ?? 'about:blank';
    this.facts = document;
  }
}

/** The problem that a failed answer tells of, or a plain one when it tells nothing. */
export function problemOf(body: unknown, status: number): ApiProblem {
  if (typeof body === 'object' && body !== null && 'title' in body && typeof body.title === 'string') {
    const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : '';
    return new ApiProblem({ ...body, title: body.title, detail, status });
  }
  if (status >= 500) {
    return new ApiProblem({
      title: 'The server had a problem',
      detail: 'Nothing was lost. Try again in a moment; if it stays, look at the server’s log.',
      status,
    });
  }
  return new ApiProblem({ title: 'The server refused', detail: `It answered with status ${status}.`, status });
}

/** Any error in the words of a problem, so that pages show one kind of thing. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TypeError) {
    return new ApiProblem({
      title: 'The server cannot be reached',
      detail: 'Check that it is running and that you are connected, then try again.',
      status: 0,
    });
  }
  return new ApiProblem({
    title: 'Something went wrong on this page',
    detail: error instanceof Error ? error.message : String(error),
    status: 0,
  });
}
