// Owns the command `make demo`: starts the demo, says where it is, stops on SIGINT or SIGTERM.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DEMO_PASSWORD, people } from './people.ts';

const DEFAULT_PORT = 8080;

function portOf(text: string | undefined): number {
  const port = text === undefined || text === '' ? DEFAULT_PORT : Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  console.error('DEMO_PORT must be a port from 1 to 65535');
  process.exit(2);
}

const port = portOf(process.env['DEMO_PORT']);
const signal = new Promise((resolve) => {
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, resolve);
});
// Compiling takes more than half of the start; what was compiled is kept for the next one.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/demo', import.meta.url)));
const { startDemo } = await import('./start-demo.ts');
try {
  const demo = await startDemo(port, process.env);
  const logins = people.map(({ email }) => email).join(', ');
  console.log(`Ready: ${demo.url} (sign in as ${logins}; password ${DEMO_PASSWORD})`);
  await signal;
  await demo.stop();
} catch (error) {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    console.error(`The demo cannot run: port ${port} is taken (DEMO_PORT chooses another one).`);
  else console.error('The demo cannot run.', error);
  process.exit(1);
}
