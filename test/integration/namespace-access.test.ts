// Who may do what by the policy of the demo, held against a whole gateway process with real sessions.
import { readFileSync } from 'node:fs';
import { rename, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startDemoPolicyBed, type DemoPolicyBed } from '../fixtures/demo-policy-bed.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { plainRequest, type PlainAnswer } from '../neighbours/plain-request.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const row = z.strictObject({
  name: z.string(),
  /** Whose session asks. */
  person: z.string(),
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  /** The application answers 200 to all that reaches it. */
  expect: z.strictObject({ status: z.number(), code: z.string().optional() }),
});
type Row = z.infer<typeof row>;

const file = join(import.meta.dirname, '../vectors/namespace-access.json');
const rows = z.array(row).parse(JSON.parse(readFileSync(file, 'utf8')));
const people = [...new Set(rows.map(({ person }) => person))];

const CONTRIBUTOR = 'user@example.com';
const VIEWER = 'viewer@example.com';
const STRANGER = 'stranger@example.com';
const NOTEBOOK = '/notebook/shared/lab/';
const KERNEL = `${NOTEBOOK}api/kernels/0f1e/channels`;
const PROMISED_MS = 1_000;

describeWith(['dex-2.45.1'], 'namespace access through a whole gateway', () => {
  let bed: DemoPolicyBed;
  beforeAll(async () => {
    bed = await startDemoPolicyBed(people);
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  /** Asks as a script of a page of the gateway does. */
  function ask({ person, method, url, headers, body }: Row): Promise<PlainAnswer> {
    const origin = bed.gateway.url;
    const cookie = bed.browserOf(person).jar.header(new URL(origin));
    return plainRequest(`${origin}${url}`, {
      method,
      headers: { accept: 'application/json', origin, cookie, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  async function statusOf(person: string, path: string): Promise<number> {
    return (await bed.browserOf(person).ask(bed.gateway, path)).status;
  }

  describe('is what the policy of the demo says', () => {
    it.each(rows)('$name: $person, $method $url', async (each) => {
      const before = bed.application.arrivals.length;
      const answer = await ask(each);
      expect(answer.status, answer.body.slice(0, 300)).toBe(each.expect.status);
      const arrivals = bed.application.arrivals.slice(before);
      expect(arrivals.map(({ url }) => url)).toEqual(answer.status === 200 ? [each.url] : []);
      if (each.expect.code === undefined) return;
      expect(JSON.parse(answer.body)).toMatchObject({ code: each.expect.code });
    });
  });

  it('does not tell a namespace that exists from one that does not', async () => {
    const about = async (namespace: string): Promise<unknown> => {
      const answer = await bed.browserOf(STRANGER).ask(bed.gateway, `/notebook/${namespace}/lab/`);
      const id = answer.headers.get('x-request-id') ?? 'no id';
      const body = answer.body.replaceAll(namespace, 'NAMESPACE').replaceAll(id, 'ID');
      return { status: answer.status, body };
    };
    expect(await about('shared')).toEqual(await about('nowhere'));
  });

  it('gives no WebSocket to whom it gives no notebook', async () => {
    const open = (person: string) => bed.browserOf(person).open(bed.gateway, KERNEL);
    await expect(open(STRANGER)).rejects.toThrow('403');
    const socket = await open(VIEWER);
    expect(await socket.echo('print(1)')).toBe('print(1)');
  });

  it('ends with the binding: the WebSocket closes, the next request is refused, the others go on', async () => {
    const viewers = await bed.browserOf(VIEWER).open(bed.gateway, KERNEL);
    const contributors = await bed.browserOf(CONTRIBUTOR).open(bed.gateway, KERNEL);
    const bindings = await readFile(join(bed.policyDirectory, BINDINGS), 'utf8');
    const changedAtMs = performance.now();
    await writeBindings(withoutViewer(bindings));
    const { code, reason, atMs } = await viewers.closed;
    expect([code, reason]).toEqual([4403, 'namespace_forbidden']);
    expect(atMs - changedAtMs).toBeLessThan(PROMISED_MS);
    expect(await statusOf(VIEWER, NOTEBOOK)).toBe(403);
    expect(await contributors.echo('still here')).toBe('still here');
    expect(await statusOf(CONTRIBUTOR, NOTEBOOK)).toBe(200);
    await writeBindings(bindings);
    await pollUntil('the viewer is let in again', async () => {
      return (await statusOf(VIEWER, NOTEBOOK)) === 200;
    });
  });

  it('keeps the last good policy where a file breaks', async () => {
    const bindings = await readFile(join(bed.policyDirectory, BINDINGS), 'utf8');
    const linesBefore = bed.gateway.log().length;
    await writeBindings(`${bindings}\n  - }`);
    await pollUntil('an error in the log', () =>
      bed.gateway
        .log()
        .slice(linesBefore)
        .some((line) => line['level'] === 'error' && JSON.stringify(line).includes(BINDINGS)),
    );
    expect(await statusOf(VIEWER, NOTEBOOK)).toBe(200);
    expect(await statusOf(STRANGER, NOTEBOOK)).toBe(403);
    await writeBindings(bindings);
  });

  /** At once, as editors and Kubernetes' own volumes replace a file. */
  async function writeBindings(text: string): Promise<void> {
    const path = join(bed.policyDirectory, BINDINGS);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }
});

const BINDINGS = 'contributors.yaml';

/** Without the document that lets the viewer in. */
function withoutViewer(bindings: string): string {
  const documents = bindings.split(/^---$/m);
  const kept = documents.filter((document) => !document.includes(`name: ${VIEWER}`));
  expect(kept).toHaveLength(documents.length - 1);
  return kept.join('---');
}
