// Owns the question whether a process itself listens on a port, and not another one.
import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENING = '0A';

/**
 * True when this process has the listening socket of this TCP port on 127.0.0.1 (proc(5),
 * /proc/PID/net/tcp and /proc/PID/fd). A neighbour whose port was taken a moment before must not
 * be believed ready because the other server answers.
 */
export async function listensOn(pid: number, port: number): Promise<boolean> {
  const inode = await listeningSocket(pid, port);
  if (inode === undefined) return false;
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(
    // A descriptor may be closed between the two reads.
    descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
  );
  return targets.includes(`socket:[${inode}]`);
}

async function listeningSocket(pid: number, port: number): Promise<string | undefined> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.find(([, address, , state]) => address === local && state === LISTENING)?.[9];
}
