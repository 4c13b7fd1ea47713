// The application behind both proxies of the benchmark: a small answer and a large one.
import { createServer } from 'node:http';

const small = Buffer.from('{"ok":true}');
const large = Buffer.alloc(1024 * 1024, 'x');

const server = createServer((request, response) => {
  request.resume();
  const body = request.url === '/large' ? large : small;
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': body.length,
  });
  response.end(body);
});
server.keepAliveTimeout = 600_000;
server.on('upgrade', (_request, socket) => {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  );
  socket.on('error', () => socket.destroy());
});
server.listen(Number(process.argv[2]), '127.0.0.1');
