import type { Answer } from './compare.ts';
import type { HubCall } from './hubCall.ts';

/** Makes the calls one after the other; `tokens` are by name, and saved ones are added. */
export async function runCalls(
  origin: string,
  tokens: Record<string, string>,
  calls: readonly HubCall[],
): Promise<Answer[]> {
  const saved: Record<string, string> = { ...tokens };
  const answers: Answer[] = [];
  for (const call of calls) {
    let answer = await ask(origin, saved, call);
    for (let tries = 0; call.until !== undefined && tries < 100; tries += 1) {
      if (JSON.stringify(answer.body).includes(call.until)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await ask(origin, saved, call);
    }
    for (const [name, field] of Object.entries(call.save ?? {}))
      saved[name] = String((answer.body as Record<string, unknown> | null)?.[field]);
    answers.push(answer);
  }
  return answers;
}

async function ask(origin: string, saved: Readonly<Record<string, string>>, call: HubCall): Promise<Answer> {
  const path = call.path.replaceAll(/\{([\w-]+)\}/g, (_, name: string) => saved[name] ?? 'none');
  const token = call.as === 'junk' ? 'junk' : saved[call.as];
  const form = call.form === undefined ? undefined : new URLSearchParams(call.form).toString();
  const body = form ?? call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  const answer = await fetch(`${origin}/hub/api${path}`, {
    method: call.method,
    headers: {
      ...(token === undefined ? {} : { authorization: `token ${token}` }),
      ...(call.accept === undefined ? {} : { accept: call.accept }),
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, body: readBody(answer.headers.get('content-type') ?? '', await answer.text()) };
}

/** Of an event stream the events; of JSON its value; of anything else only whether there was something. */
function readBody(type: string, text: string): unknown {
  if (type.startsWith('text/event-stream'))
    return [...text.matchAll(/^data: (.*)$/gm)].map(([, event = '{}']) => JSON.parse(event) as unknown);
  if (text.trim() === '') return '';
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return 'text';
  }
}
