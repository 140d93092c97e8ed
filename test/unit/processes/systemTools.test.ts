import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runProgram, runProgramSync, spawnProgram } from '../../../src/processes/childProcess.ts';
import { findProgram, findTool, toolPath } from '../../../src/processes/systemTools.ts';

let folder: string;
const path = process.env['PATH'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tools-'));
  for (const name of ['getent', 'id', 'cat']) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  process.env['PATH'] = `${folder}:${path}`;
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

test('a tool is one of the system, whatever is first on PATH', () => {
  for (const name of ['getent', 'id', 'cat']) expect(findTool(name)).toMatch(/^\/(usr\/)?s?bin\//);
  expect(findTool('no-such-tool')).toBeUndefined();
  expect(() => toolPath('no-such-tool')).toThrow(/no-such-tool is missing/);
});

test('a program is found in absolute folders alone, and is a file that can be run', () => {
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'text'), '');
  expect(findProgram('id', [folder])).toBe(join(folder, 'id'));
  expect(findProgram('folder', [folder])).toBeUndefined();
  expect(findProgram('text', [folder])).toBeUndefined();
  expect(findProgram('id', ['', '.', 'bin'])).toBeUndefined();
  expect(findProgram('bin/id', [folder])).toBeUndefined();
  expect(findProgram('/bin/cat', [])).toBe('/bin/cat');
});

test('no program is started by a bare name', async () => {
  expect(() => spawnProgram(['id'])).toThrow(/not an absolute path/);
  expect(() => runProgramSync(['./id'], {})).toThrow(/not an absolute path/);
  await expect(runProgram(['id'])).rejects.toThrow(/not an absolute path/);
  await expect(runProgram([])).rejects.toThrow(/not an absolute path/);
});
