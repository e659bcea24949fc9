/** The one way to the server: typed by its OpenAPI description, failing with `ApiProblem`. */
import createClient from 'openapi-fetch';

import { ApiProblem, problemOf } from './problem';
import type { paths } from './schema';

/** The header tells the server that this request comes from its own page (no other site can set it). */
const OWN_PAGE = { 'X-Qanat': '1' };

export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  headers: OWN_PAGE,
  // Looked up at call time, so that a test's server can stand in.
  fetch: (request) => globalThis.fetch(request),
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer. Throws `ApiProblem` when the server refused. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(error, response.status);
  return data as T;
}

/** The stream of an answer, to a POST where there is a body. Throws `ApiProblem` when the server refused before streaming. */
export async function openStream(
  path: string,
  { body, signal }: { body?: unknown; signal: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(path, {
    headers: { ...OWN_PAGE, 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    signal,
  });
  if (!response.ok) throw problemOf(await response.json().catch(() => null), response.status);
  if (response.body === null) {
    throw new ApiProblem({ title: 'No answer came', detail: 'The server opened no stream. Try again.', status: 0 });
  }
  return response.body;
}
