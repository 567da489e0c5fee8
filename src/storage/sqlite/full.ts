const sqliteFull = 13;
/** The shared-memory index of the WAL could not grow: SQLite's other way of saying that the disk is full. */
const sqliteIoErrorShmSize = 4874;

/** Whether an SQLite result code means that there is no room, as opposed to a broken disk. */
export function isFull(code: number | undefined): boolean {
  return code !== undefined && ((code & 0xff) === sqliteFull || code === sqliteIoErrorShmSize);
}
