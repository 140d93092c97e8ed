import koffi from 'koffi';
import type { PamAnswer, PamJob } from './protocol.ts';

/**
 * Job: does PAM take this name and password? Blocks its thread as long as PAM's modules do, which is why it has threads
 * of its own. Return codes: `security/_pam_types.h` of Linux-PAM.
 */

const code = { success: 0, systemErr: 4, bufErr: 5, convErr: 19, abort: 26 } as const;
const style = { promptEchoOff: 1, promptEchoOn: 2, errorMsg: 3, textInfo: 4 } as const;
const item = { user: 2, rhost: 4, failDelay: 10 } as const;
const disallowNullAuthtok = 1;
const silent = 0x8000;
const pointerBytes = 8;

/** A few short prompts and answers are all that a password check needs. */
const maxMessages = 32;

type Pointer = unknown;

const Message = koffi.struct({ style: 'int', text: 'const char *' });
const Response = koffi.struct({ answer: 'void *', zero: 'int' });
const Conversation = koffi.proto('int (int count, void *messages, void *responses, void *data)');
const FailDelay = koffi.proto('void (int status, unsigned int microseconds, void *data)');
const Conv = koffi.struct({ converse: koffi.pointer(Conversation), data: 'void *' });

const libraries = open();

export default function pam(job: PamJob): PamAnswer {
  if (typeof libraries === 'string') return { ok: false, step: 'load', code: code.systemErr, message: libraries };
  const { start, end } = libraries;
  const converse = koffi.register(
    (count: number, messages: Pointer, responses: Pointer) => answer(count, messages, responses, { job, said }),
    koffi.pointer(Conversation),
  );
  // PAM would sleep here after a wrong password and hold the thread; whoever called this waits instead.
  const noDelay = koffi.register(() => {}, koffi.pointer(FailDelay));
  const said: string[] = [];
  const handles: Pointer[] = [null];
  let status: number = code.abort;
  try {
    status = start(job.service, job.name, { converse, data: null }, handles);
    return status === code.success ? check({ job, said }, handles[0], noDelay) : fault('start', status);
  } finally {
    if (handles[0] !== null) end(handles[0], status);
    koffi.unregister(converse);
    koffi.unregister(noDelay);
  }
}

interface Said {
  style: number;
  text: string | null;
}

interface Exchange {
  job: PamJob;
  /** What PAM's modules had to say to the person. */
  said: string[];
}

function check({ job, said }: Exchange, handle: Pointer, noDelay: Pointer): PamAnswer {
  if (typeof libraries === 'string') return fault('load', code.systemErr);
  const { authenticate, account, setText, setPointer, getItem, describe } = libraries;
  setPointer(handle, item.failDelay, noDelay);
  if (job.address !== '') setText(handle, item.rhost, job.address);
  const words = (status: number): string => describe(handle, status);
  const known = authenticate(handle, disallowNullAuthtok | silent);
  said.length = 0;
  if (known !== code.success) return { ok: false, step: 'authenticate', code: known, message: words(known) };
  const may = account(handle, disallowNullAuthtok);
  if (may !== code.success) return { ok: false, step: 'account', code: may, message: words(may), said: said.join(' ') };
  // A module may have replaced the name by the canonical one.
  const found: (string | null)[] = [null];
  return getItem(handle, item.user, found) === code.success && found[0] !== null && found[0] !== undefined
    ? { ok: true, name: found[0] }
    : fault('item', code.systemErr);
}

function fault(step: 'load' | 'start' | 'item', status: number): PamAnswer {
  return { ok: false, step, code: status, message: '' };
}

/** PAM asks: the password where nothing is echoed, the name where it is; what it says is not asked for. */
function answer(count: number, messages: Pointer, responses: Pointer, { job, said }: Exchange): number {
  if (typeof libraries === 'string' || count < 1 || count > maxMessages) return code.convErr;
  const { calloc, strdup } = libraries;
  const list = calloc(count, koffi.sizeof(Response));
  if (list === null) return code.bufErr;
  for (let index = 0; index < count; index += 1) {
    // Linux-PAM passes an array of pointers to messages.
    const message = koffi.decode(koffi.decode(messages, index * pointerBytes, 'void *'), Message) as Said;
    if (message.style === style.errorMsg || message.style === style.textInfo) said.push(message.text ?? '');
    const word =
      message.style === style.promptEchoOff
        ? job.password
        : message.style === style.promptEchoOn
          ? job.name
          : undefined;
    if (word !== undefined)
      koffi.encode(list, index * koffi.sizeof(Response), Response, { answer: strdup(word), zero: 0 });
  }
  // PAM frees the list and the answers.
  koffi.encode(responses, 'void *', list);
  return code.success;
}

function open() {
  try {
    const [library, libc] = [koffi.load('libpam.so.0'), koffi.load('libc.so.6')];
    const Handle = 'void *';
    return {
      start: library.func('pam_start', 'int', ['str', 'str', koffi.pointer(Conv), koffi.out(koffi.pointer(Handle))]),
      end: library.func('pam_end', 'int', [Handle, 'int']),
      authenticate: library.func('pam_authenticate', 'int', [Handle, 'int']) as (...of: unknown[]) => number,
      account: library.func('pam_acct_mgmt', 'int', [Handle, 'int']) as (...of: unknown[]) => number,
      setText: library.func('pam_set_item', 'int', [Handle, 'int', 'str']),
      setPointer: library.func('pam_set_item', 'int', [Handle, 'int', 'void *']),
      getItem: library.func('pam_get_item', 'int', [Handle, 'int', koffi.out(koffi.pointer('str'))]),
      describe: library.func('pam_strerror', 'str', [Handle, 'int']) as (...of: unknown[]) => string,
      calloc: libc.func('calloc', 'void *', ['size_t', 'size_t']),
      strdup: libc.func('strdup', 'void *', ['str']),
    };
  } catch (error) {
    return (error as Error).message;
  }
}
