import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pythonFault } from '../../workers/trust/pythonFault.ts';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { describeWith } from '../helpers/requires.ts';

const other = 65_534;
const editable = 'import __editable___cylc_finder; __editable___cylc_finder.install()\n';

describeWith(['root', 'python'], 'a Python that root may keep ready', () => {
  let folder: string;
  let python: string;
  let packages: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trust-'));
    ({ python } = makeFakeCylc(join(folder, 'venv')));
    packages = execFileSync('find', [join(folder, 'venv/lib'), '-name', 'site-packages'], { encoding: 'utf8' }).trim();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is one whose files are all root’s', () => {
    writeFileSync(join(packages, 'comment.pth'), '# nothing\n\n./own\n');
    expect(pythonFault(python)).toBeUndefined();
  });

  const source = (): string => {
    const path = join(folder, 'source');
    mkdirSync(path);
    return path;
  };

  test.each<[string, () => unknown, RegExp]>([
    ['the folder of the packages is another’s', () => chownSync(packages, other, other), /belongs to uid 65534/],
    [
      'a file deep in it is',
      () => chownSync(join(packages, 'cylc/flow/__init__.py'), other, 0),
      /flow\/__init__\.py belongs/,
    ],
    [
      'a file can be written by its group',
      () => chmodSync(join(packages, 'costly.py'), 0o664),
      /costly\.py can be written/,
    ],
    ['a folder above is another’s', () => chownSync(folder, other, other), /belongs to uid 65534/],
    ['a folder above can be written by others', () => chmodSync(folder, 0o777), /can be written by others/],
    ['pyvenv.cfg is another’s', () => chownSync(join(folder, 'venv/pyvenv.cfg'), other, 0), /pyvenv\.cfg belongs/],
    ['its base is another’s', () => otherBase(), /belongs to uid 65534/],
    [
      'a link leads to another’s file',
      () => symlinkSync(otherFile(), join(packages, 'linked.py')),
      /belongs to uid 65534/,
    ],
    [
      'a link leads nowhere, where anybody can put something',
      () => symlinkSync('/tmp/none-such', join(packages, 'a.py')),
      /\/tmp can be written/,
    ],
    [
      'a .pth file names another’s folder',
      () => {
        const path = source();
        chownSync(path, other, other);
        writeFileSync(join(packages, 'x.pth'), `${path}\n`);
      },
      /source belongs to uid 65534/,
    ],
    [
      'a .pth file names a folder that is not there, where anybody can make it',
      () => writeFileSync(join(packages, 'x.pth'), '/tmp/none-such\n'),
      /\/tmp can be written/,
    ],
    [
      'an editable installation is another’s',
      () => {
        const path = source();
        writeFileSync(join(path, 'code.py'), '');
        chownSync(join(path, 'code.py'), other, other);
        writeFileSync(join(packages, '__editable__.cylc.pth'), editable);
        writeFileSync(join(packages, '__editable___cylc_finder.py'), `MAPPING = {'cylc': ${JSON.stringify(path)}}\n`);
      },
      /code\.py belongs to uid 65534/,
    ],
    [
      'a .pth file runs what cannot be followed',
      () => writeFileSync(join(packages, 'x.pth'), 'import sys; sys.path.append("/" + "home/eve")\n'),
      /x\.pth has a line of code/,
    ],
    [
      'it is a script, which may run anything',
      () => {
        rmSync(python);
        writeFileSync(python, '#!/bin/sh\nexec /home/eve/python "$@"\n', { mode: 0o755 });
      },
      /is no program of the machine/,
    ],
    ['it is not there', () => rmSync(python), /is not there/],
    [
      'its modules are elsewhere',
      () => {
        rmSync(python);
        execFileSync('cp', ['/bin/true', python]);
        writeFileSync(join(folder, 'venv/pyvenv.cfg'), `home = ${join(folder, 'venv/bin')}\n`);
      },
      /were not found/,
    ],
    [
      'its packages have an access list that lets one more write',
      () => {
        execFileSync('setfacl', ['-m', `u:${other}:rw`, join(packages, 'costly.py')]);
      },
      /costly\.py can be written by others/,
    ],
  ])('is none where %s', (_, spoil, why) => {
    spoil();
    expect(pythonFault(python)).toMatch(why);
  });

  test('nothing of it is run to find that out', () => {
    const ran = join(folder, 'ran');
    appendFileSync(join(packages, 'x.pth'), `import os; open(${JSON.stringify(ran)}, 'w')\n`);
    expect(pythonFault(python)).toMatch(/line of code/);
    expect(() => execFileSync('ls', [ran], { stdio: 'ignore' })).toThrow();
    execFileSync(python, ['-I', '-c', '']);
    execFileSync('ls', [ran]);
  });

  test('an editable installation of root’s own is followed', () => {
    const path = source();
    writeFileSync(join(packages, '__editable__.cylc.pth'), editable);
    writeFileSync(join(packages, '__editable___cylc_finder.py'), `MAPPING = {'cylc': ${JSON.stringify(path)}}\n`);
    expect(pythonFault(python)).toBeUndefined();
  });

  function otherBase(): void {
    const base = join(folder, 'base');
    mkdirSync(join(base, 'bin'), { recursive: true });
    chownSync(base, other, other);
    writeFileSync(join(folder, 'venv/pyvenv.cfg'), `home = ${base}/bin\n`);
  }

  function otherFile(): string {
    const path = join(folder, 'other.py');
    writeFileSync(path, '');
    chownSync(path, other, other);
    return path;
  }
});
