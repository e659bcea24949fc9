import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, unwrap } from '~/api/client';
import { problemOf } from '~/api/problem';
import type { ModelServer, RegisteredModel } from '~/api/types';

/** What steps may choose; for everybody. */
export const modelChoicesQuery = queryOptions({
  queryKey: ['models', 'choices'],
  queryFn: () => unwrap(api.GET('/api/models')),
});

/** The same with where each comes from; for the operator. */
export const registeredModelsQuery = queryOptions({
  queryKey: ['models', 'registered'],
  queryFn: () => unwrap(api.GET('/api/models/registered')),
});

function useRefresh() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['models'] });
}

export function useAddModelPath() {
  const onSuccess = useRefresh();
  return useMutation({
    mutationFn: (body: { name: string; path: string }) => unwrap(api.POST('/api/models/paths', { body })),
    onSuccess,
  });
}

/** Sends a file with `XMLHttpRequest`, the only way to see how much has left. `onProgress` gets 0 to 1. */
function send(name: string, file: File, onProgress: (done: number) => void, signal: AbortSignal): Promise<RegisteredModel> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/models/files?name=${encodeURIComponent(name)}`);
    request.setRequestHeader('X-Qanat', '1');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as RegisteredModel);
      else reject(problemOf(request.response, request.status));
    };
    request.onerror = () => reject(new TypeError('network'));
    request.onabort = () => reject(new DOMException('Sending was stopped', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** Whether a file begins as GGUF does, so that gigabytes of another are not sent to be refused. */
export async function beginsAsGguf(file: Blob): Promise<boolean> {
  const beginning = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return new TextDecoder().decode(beginning) === 'GGUF';
}

export function useSendModel(onProgress: (done: number) => void) {
  const onSuccess = useRefresh();
  return useMutation({
    mutationFn: ({ name, file, signal }: { name: string; file: File; signal: AbortSignal }) =>
      send(name, file, onProgress, signal),
    onSuccess,
  });
}

export function useAddModelServer() {
  const onSuccess = useRefresh();
  return useMutation({
    mutationFn: (body: ModelServer & { name: string }) => unwrap(api.POST('/api/models/servers', { body })),
    onSuccess,
  });
}

export function useChangeModelServer(name: string) {
  const onSuccess = useRefresh();
  return useMutation({
    mutationFn: (body: ModelServer) =>
      unwrap(api.PUT('/api/models/servers/{name}', { params: { path: { name } }, body })),
    onSuccess,
  });
}

export function useChooseDefaultModel() {
  const onSuccess = useRefresh();
  return useMutation({
    mutationFn: (name: string) => unwrap(api.PUT('/api/models/{name}/default', { params: { path: { name } } })),
    onSuccess,
  });
}

export function useTryModel() {
  return useMutation({
    mutationFn: (name: string) => unwrap(api.POST('/api/models/{name}/try', { params: { path: { name } } })),
  });
}

export function useRemoveModel() {
  const onSuccess = useRefresh();
  return useMutation({
    mutationFn: (name: string) => unwrap(api.DELETE('/api/models/{name}', { params: { path: { name } } })),
    onSuccess,
  });
}
