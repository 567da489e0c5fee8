/** What a command ends with; `docs/operating/command-line.md` lists them. */
export const exitCodes = {
  done: 0,
  /** It could not be done; the line on stderr says why. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No server runs on this data folder. */
  noServer: 3,
  /** What was named is not there. */
  notFound: 4,
} as const;

/** Ends the command with one line for people and a code for programs. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: number;

  constructor(reason: Exclude<keyof typeof exitCodes, 'done'>, message: string) {
    super(message);
    this.exitCode = exitCodes[reason];
  }
}
