import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cylcBin, describeWith, schemathesisBin } from '../helpers/requires.ts';

const run = promisify(execFile);

/** Hypothesis comes with schemathesis, tornado and traitlets with Cylc. */
describeWith(['schemathesis', 'cylc'], 'the Python helpers, given anything at all', () => {
  test('answer within their bounds, and refuse in words', async () => {
    const python = join(dirname(schemathesisBin()!), 'python3');
    const cylcPython = join(dirname(cylcBin()!), 'python3');
    const { stdout } = await run(cylcPython, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
    const suite = join(import.meta.dirname, 'python/test_helpers.py');
    const env = { ...process.env, PYTHONPATH: stdout.trim(), PYTHONDONTWRITEBYTECODE: '1' };
    const { stderr } = await run(python, [suite], { env, cwd: dirname(suite) });
    expect(stderr).toMatch(/^Ran \d+ tests[\s\S]*\nOK$/m);
  }, 300_000);
});
