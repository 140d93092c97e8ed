interface ProgressEvent {
  message: string;
  progress: number;
  phase: string;
  ready?: boolean;
  failed?: boolean;
  url?: string;
}

/** Shows a start or stop as it goes and moves on at its end. */
export function followProgress(root: ParentNode): void {
  const section = root.querySelector<HTMLElement>('[data-progress]');
  if (section !== null) follow(section, section.dataset['progress'] ?? '');
  const again = root.querySelector<HTMLElement>('[data-reload]')?.dataset['reload'];
  if (again !== undefined) setTimeout(() => location.reload(), Number(again) * 1000);
}

function follow(section: HTMLElement, address: string): void {
  const steps = section.querySelector('[data-steps]');
  const show = createDisplay(section, steps);
  const source = new EventSource(address);
  let finished = false;
  // The stream replays everything: what the page came with would be there twice.
  source.addEventListener('message', () => steps?.replaceChildren(), { once: true });
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const event = JSON.parse(data) as ProgressEvent;
    show(event);
    if (!isFinal(event)) return;
    finished = true;
    source.close();
    moveOn(section, event);
  });
  source.addEventListener('end', () => source.close());
  // A lost connection is retried by the browser; a refusal (signed out, say) is not: load the page again.
  source.addEventListener('error', () => {
    if (!finished && source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 2000);
  });
}

function createDisplay(section: HTMLElement, steps: Element | null): (event: ProgressEvent) => void {
  const now = section.querySelector('[data-now]');
  const bar = section.querySelector('progress');
  return ({ message, progress }) => {
    if (now !== null) now.textContent = message;
    if (bar !== null) bar.value = progress;
    const step = document.createElement('li');
    step.textContent = message;
    steps?.append(step);
  };
}

function isFinal(event: ProgressEvent): boolean {
  return event.ready === true || event.failed === true || event.phase === 'stopped';
}

function moveOn(section: HTMLElement, event: ProgressEvent): void {
  const { next = 'here', home = '/' } = section.dataset;
  if (event.ready === true && next !== 'here') location.replace(next);
  else if (event.phase === 'stopped' && next !== 'here') location.replace(home);
  // Not at once: were the route a moment late, this page would come back and reload in a tight circle.
  else setTimeout(() => location.reload(), 300);
}
