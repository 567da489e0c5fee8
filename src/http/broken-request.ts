import type { Socket } from 'node:net';

const statuses: Readonly<Record<string, readonly [line: string, text: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'Request header fields too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Request timeout'],
};

/**
 * Answers bytes that are no HTTP request, or one that never ends. Nobody knows which dialect they were meant to be, so
 * the body is an envelope in both of them.
 */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const [line, text] = statuses[error.code ?? ''] ?? ['400 Bad Request', 'Bad request'];
  const body = `{"success":false,"error":"${text}","response":[{"success":false,"error":{"message":"${text}"}}]}`;
  const head = `HTTP/1.1 ${line}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  // What may still come is neither read nor waited for.
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
