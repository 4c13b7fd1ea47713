// Owns where the keys come from: the mounted directory, or memory for a replica that runs alone.
import type { Config } from '../config/schema.ts';
import { generateKeys } from '../identity/tokens/generated-keys.ts';
import { KeyDirectory } from '../identity/tokens/key-directory.ts';
import { KeyRing } from '../identity/tokens/key-ring.ts';
import type { GatewayParts } from './gateway-parts.ts';

export interface OpenedKeys {
  readonly ring: KeyRing;
  reload(): Promise<void>;
  close(): void;
}

/** Rejects with KeysUnreadable when the configured directory cannot be used. */
export async function openKeys(config: Config, parts: GatewayParts): Promise<OpenedKeys> {
  const delays = {
    activationDelayMs: config.keys.activationDelayMs,
    publishDelayMs: config.sessionJwt.publishDelayMs,
  };
  const { directory } = config.keys;
  if (directory === undefined) {
    const ring = new KeyRing(await generateKeys(parts.clock, parts.random), delays, parts.clock);
    return { ring, reload: () => Promise.resolve(), close: () => undefined };
  }
  const { pollEveryMs } = config.files;
  return KeyDirectory.open({ ...delays, directory, pollEveryMs }, parts);
}
