/** Text kept on the page; older lines are let go. */
const maxLength = 1_000_000;

/** Follows a server's log to its end, and keeps the newest line in view for whoever has it there. */
export function followLog(root: ParentNode): void {
  const log = root.querySelector<HTMLElement>('[data-follow]');
  if (log === null) return;
  const say = (text: string): void => {
    const state = root.querySelector('[data-log-state]');
    if (state !== null) state.textContent = text;
  };
  log.scrollTop = log.scrollHeight;
  read(log)
    .then(() => say('The server has ended: nothing more is written.'))
    .catch(() => {
      say('The connection was lost; trying again.');
      setTimeout(() => location.reload(), 3000);
    });
}

async function read(log: HTMLElement): Promise<void> {
  const { follow = '', token = '' } = log.dataset;
  const answer = await fetch(follow, { headers: { 'x-gateway-csrf': token } });
  if (!answer.ok || answer.body === null) throw new Error(String(answer.status));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let first = true; ; first = false) {
    const { value, done } = await reader.read();
    if (done) return;
    // The stream begins with what the page came with.
    if (first) log.textContent = '';
    append(log, value);
  }
}

function append(log: HTMLElement, text: string): void {
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
  if ((log.textContent?.length ?? 0) > maxLength) log.textContent = (log.textContent ?? '').slice(maxLength / 2);
  log.append(text);
  if (atEnd) log.scrollTop = log.scrollHeight;
}
