import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a program, as execvp(3) finds it; undefined where it is not there or cannot be run. */
export function findCommand(program: string, searchPath: string): string | undefined {
  const places = program.includes('/') ? [program] : searchPath.split(delimiter).map((folder) => join(folder, program));
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
