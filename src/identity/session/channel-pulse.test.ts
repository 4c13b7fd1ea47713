import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { every } from '../../kernel/clock.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { ChannelPulse, HEARTBEAT_EVERY_MS } from './channel-pulse.ts';

function pulseUnderTest() {
  const clock = new FakeClock();
  const events: string[] = [];
  const gauge: number[] = [];
  const pulse = new ChannelPulse({
    clock,
    metrics: { ...silentMetrics, set: (_name, _labels, value) => gauge.push(value) },
    onDoubt: () => events.push('doubt'),
    onRecovered: () => events.push('recovered'),
  });
  every(clock, HEARTBEAT_EVERY_MS, () => {
    pulse.check();
  });
  return { clock, pulse, events, gauge };
}

describe('ChannelPulse', () => {
  it('is down until the first heartbeat arrives, and doubts every two seconds', async () => {
    const { clock, pulse, events, gauge } = pulseUnderTest();
    await clock.advance(1_900);
    expect(events).toEqual([]);
    await clock.advance(2_200);
    expect(events).toEqual(['doubt', 'doubt']);
    pulse.heard();
    expect(events).toEqual(['doubt', 'doubt', 'recovered']);
    expect(gauge).toEqual([0, 1]);
  });

  it('says nothing while heartbeats arrive', async () => {
    const { clock, pulse, events } = pulseUnderTest();
    every(clock, 1_900, () => {
      pulse.heard();
    });
    pulse.heard();
    await clock.advance(60_000);
    expect(events).toEqual(['recovered']);
  });

  it('doubts after two seconds of silence, again and again, and once more when it recovers', async () => {
    const { clock, pulse, events, gauge } = pulseUnderTest();
    pulse.heard();
    await clock.advance(1_900);
    expect(events).toEqual(['recovered']);
    await clock.advance(100);
    expect(events).toEqual(['recovered', 'doubt']);
    await clock.advance(6_000);
    expect(events).toEqual(['recovered', 'doubt', 'doubt', 'doubt', 'doubt']);
    pulse.heard();
    expect(events.at(-1)).toBe('recovered');
    expect(gauge).toEqual([0, 1, 0, 1]);
  });

  it('doubts at once when the subscription is lost, and not twice for one loss', () => {
    const { pulse, events } = pulseUnderTest();
    pulse.heard();
    pulse.lost();
    pulse.lost();
    expect(events).toEqual(['recovered', 'doubt']);
  });
});
