/** Limits of the Bloomreach wire format (contract 2.7). */

/** One request body: 50 messages of 800 KB and some slack. */
export const bodyBytesMax = 42 * 1024 * 1024;
export const commandsMax = 50;
/** UTF-8 bytes of one event's or update's JSON: less than 800 KB. */
export const messageBytesMax = 800 * 1024 - 1;
/** UTF-8 bytes of one property value's JSON: less than 16 KB. */
export const valueBytesMax = 16 * 1024 - 1;
/** UTF-8 bytes of a property's or event's name. */
export const nameBytesMax = 256;
/** Characters of one id value; the same as in the other dialect, since both name the same profiles. */
export const idLengthMax = 400;
/** Values of one soft id in one command. */
export const idValuesMax = 64;
/** Ids in one command, of all types: each is compared with every other. */
export const idsMax = 256;
/** Characters of a customer token. */
export const tokenLengthMax = 8_192;
/** Client times are Unix seconds in [0, this). */
export const timestampEnd = 1e11;
/** Characters of a `command_id`'s JSON, and of any value that an answer repeats. */
export const echoLengthMax = 1_000;
/** Attributes asked for in one `customers/attributes`. */
export const attributesAskedMax = 1_000;
/** Event types asked for in one `customers/events`. */
export const eventTypesAskedMax = 1_000;
/** Customers in one `customers/anonymize_bulk`. */
export const anonymizedMax = 1_000;
/** How long a browser keeps the cookie of `system/ids`: three years. */
export const cookieAgeMaxSec = 3 * 365 * 24 * 60 * 60;
/** Fields of one catalog. */
export const catalogFieldsMax = 256;
/** Items of one bulk write, as the vendor's limit is. */
export const catalogBulkMax = 5_000;
/** Items of one answer, and how many there are unless a client says so. */
export const catalogPageMax = 1_000;
export const catalogPageDefault = 20;
/** Matches of a text that are counted at least: behind these the rest of a catalog is not looked through. */
export const catalogMatchesCounted = 10_000;
/** Exports that run at the same time: each has a thread. */
export const exportsMax = 2;
/** Properties that an export has columns for. */
export const exportColumnsMax = 10_000;
