/** Limits of what is kept. Limits of a wire format stand in its dialect. */

/** Approximate characters of one profile's JSON. Bloomreach allows 255 properties of 16 KB for one customer. */
export const profileSizeMax = 4 * 1024 * 1024;
/** How many of the newest client-stamped events a profile remembers to recognise an exact duplicate (design D7). */
export const fingerprintsMax = 64;
/** Values of one soft id type that a customer keeps; the least recently used goes (Bloomreach contract 2.6). */
export const cookiesMax = 64;
/** A session without activity ends after 2 hours (Leanplum contract 3.1). */
export const sessionTimeoutMs = 2 * 60 * 60 * 1000;
