import { afterEach, describe, expect, it } from 'vitest';
import { openAdminListener, type AdminListener, type Readiness } from './admin-listener.ts';
import { createPrometheusMetrics } from './prometheus-metrics.ts';

const metrics = createPrometheusMetrics();
let listener: AdminListener | undefined;

async function open(readiness: () => Readiness): Promise<string> {
  listener = await openAdminListener(
    { host: '127.0.0.1', port: 0, tls: undefined },
    { readiness, metrics: () => metrics.expose() },
  );
  return `http://127.0.0.1:${listener.port}`;
}

afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

describe('the admin listener', () => {
  it('answers liveness whatever readiness says', async () => {
    const url = await open(() => ({ ready: false, parts: {} }));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('answers 503 with the parts while not ready, and 200 once ready', async () => {
    let ready = false;
    const url = await open(() => ({ ready, parts: { session_store: 'down' } }));
    const refused = await fetch(`${url}/readyz`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({ ready: false, parts: { session_store: 'down' } });
    ready = true;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('exposes every counter of the table', async () => {
    metrics.increment('kfgw_logins_total', { result: 'success' });
    const url = await open(() => ({ ready: true, parts: {} }));
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('kfgw_logins_total{result="success"} 1');
    expect(text).toContain('process_cpu_user_seconds_total');
  });

  it('knows no other path and no other method', async () => {
    const url = await open(() => ({ ready: true, parts: {} }));
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});
