/** One end of a channel between threads: a Worker, or the port inside of it. */
export interface End {
  on(event: 'message', listener: (message: Message) => void): unknown;
  postMessage(message: unknown): void;
}

type Message =
  | { readonly ask: number; readonly name: string; readonly data: unknown }
  | { readonly answer: number; readonly result?: unknown; readonly error?: Problem };

interface Problem {
  readonly name: string;
  readonly message: string;
}

export type Answers = { readonly [name: string]: (data: never) => unknown };

/** An error of the other thread, under the name it had there. */
export class RemoteError extends Error {
  constructor({ name, message }: Problem) {
    super(message);
    this.name = name;
  }
}

/** Questions and answers between two threads, in both directions, each answered when it is ready. */
export class Calls {
  readonly #end: End;
  readonly #answers: Answers;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #number = 0;
  #closed: Error | undefined;

  constructor(end: End, answers: Answers) {
    this.#end = end;
    this.#answers = answers;
    end.on('message', (message: Message) => {
      if ('ask' in message) void this.#serve(message);
      else this.#take(message);
    });
  }

  ask<Result>(name: string, data?: unknown): Promise<Result> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#end.postMessage({ ask: number, name, data });
    });
  }

  /** The other side is gone: everybody who waits is told so. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #serve({ ask, name, data }: Extract<Message, { ask: number }>): Promise<void> {
    try {
      const answer = this.#answers[name];
      if (answer === undefined) throw new Error(`nobody answers '${name}'`);
      this.#end.postMessage({ answer: ask, result: await answer(data as never) });
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      this.#end.postMessage({ answer: ask, error: { name: problem.name, message: problem.message } });
    }
  }

  #take({ answer, result, error }: Extract<Message, { answer: number }>): void {
    const waiting = this.#waiting.get(answer);
    this.#waiting.delete(answer);
    if (error === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new RemoteError(error));
  }
}
