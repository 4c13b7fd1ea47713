// Owns opening the person's browser: never through a shell, which would read the address as commands.
import { spawn } from 'node:child_process';

/** What opens an address in the browser of choice; elsewhere xdg-open (freedesktop.org). */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // "start" is a command of the shell; this is what it calls.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** False where there is no program that opens browsers; true says only that it was started. */
export function openBrowser(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const opener = spawn(command, [...args, url], {
      stdio: 'ignore',
      detached: true,
      env: { ...env },
    });
    opener.once('error', () => {
      resolve(false);
    });
    opener.once('spawn', () => {
      opener.unref();
      resolve(true);
    });
  });
}
