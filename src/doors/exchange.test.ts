import { afterEach, expect, it } from 'vitest';
import { Cleanups } from '../../test/fixtures/cleanups.ts';
import { startListener } from '../../test/fixtures/listener-bed.ts';
import { exchangeRaw } from '../../test/fixtures/raw-connection.ts';
import { pollUntil } from '../../test/neighbours/poll-until.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

it.each([
  ['/notebook/ns/name/?token=SECRET', '/notebook/ns/name/'],
  ['/notebook/../name?token=SECRET', '/notebook/../name'],
  ['/callback#access_token=SECRET', '/callback'],
  ['http://user:SECRET@host/path', undefined],
  ['user:SECRET@host', undefined],
])('of the target %s the path alone is audited', async (target, path) => {
  const bed = await startListener([]);
  cleanups.add(() => bed.close());
  await exchangeRaw(bed.port, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
  await pollUntil('the audit record', () => bed.audits.length === 1);
  expect(bed.audits[0]?.path).toBe(path);
  expect(JSON.stringify(bed.audits)).not.toContain('SECRET');
});
