// Owns the demo's notebook: a page that keeps a WebSocket open, as a notebook does with its kernel.
import { compilePage } from './page.ts';

/** Sends a beat each second, shows each echo, says why the gateway closed it, and tries again. */
const keepKernel = `
const state = document.getElementById('kernel');
const notebook = location.pathname.split('/').slice(0, 4).join('/');
const address = location.origin.replace(/^http/, 'ws') + notebook + '/api/kernels/demo/channels';
function connect() {
  const socket = new WebSocket(address);
  let beats = 0;
  const beat = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('beat'), 1000);
  socket.onopen = () => (state.textContent = 'connected');
  socket.onmessage = () => (state.textContent = 'connected, ' + ++beats + ' beats');
  socket.onclose = ({ code, reason }) => {
    clearInterval(beat);
    const why = code === 1006 ? 'refused' : 'closed by the gateway with ' + code + ' ' + reason;
    if (code !== 1006 || beats > 0 || state.textContent === 'connecting') state.textContent = why;
    setTimeout(connect, 1000);
  };
}
connect();
`;

export const notebookPage = compilePage<{
  title: string;
  namespace: string;
  user: string;
}>(`
<p>You are <strong id="user"><%= it.user %></strong>. This stands for a notebook server in namespace <strong><%= it.namespace %></strong>.</p>
<p>Its kernel: <strong id="kernel" role="status">connecting</strong></p>
<p><a href="/">What you may use</a></p>
<script>${keepKernel}</script>`);
