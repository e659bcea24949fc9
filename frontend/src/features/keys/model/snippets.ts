/** The same question in three languages, ready to paste. */
export interface SnippetValues {
  origin: string;
  apiKey: string;
  slug: string;
}

export function curlSnippet({ origin, apiKey, slug }: SnippetValues): string {
  return `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${apiKey}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${slug}", "messages": [{"role": "user", "content": "Your question"}]}'`;
}

export function pythonSnippet({ origin, apiKey, slug }: SnippetValues): string {
  return `from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key="${apiKey}")
answer = client.chat.completions.create(
    model="${slug}",
    messages=[{"role": "user", "content": "Your question"}],
)
print(answer.choices[0].message.content)
print(answer.citations)  # the passages it rests on
print(answer.proof_id)   # check it with: qanat verify`;
}

export function javascriptSnippet({ origin, apiKey, slug }: SnippetValues): string {
  return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: '${apiKey}' });
const answer = await client.chat.completions.create({
  model: '${slug}',
  messages: [{ role: 'user', content: 'Your question' }],
});
console.log(answer.choices[0].message.content);
console.log(answer.citations, answer.proof_id);`;
}
