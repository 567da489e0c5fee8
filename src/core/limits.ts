/** Limits of what is kept. Limits of a wire format stand in its dialect. */

/** Approximate characters of one profile's JSON. Bloomreach allows 255 properties of 16 KB for one customer. */
export const profileSizeMax = 4 * 1024 * 1024;
/** How many of the newest client-stamped events a profile remembers to recognise an exact duplicate (design D7). */
export const fingerprintsMax = 64;
/** Values of one soft id type that a customer keeps; the least recently used goes (Bloomreach contract 2.6). */
export const softIdsMax = 64;
/** Id types of a project, hard and soft together, and characters of a type's name. */
export const idTypesMax = 16;
export const idTypeLengthMax = 64;
/** An event whose time is later than its arrival by more than this is flagged (Bloomreach contract 2.3). */
export const aheadSec = 24 * 60 * 60;
/** A session without activity ends after 2 hours (Leanplum contract 3.1). */
export const sessionTimeoutMs = 2 * 60 * 60 * 1000;
/** A paused session that nobody resumes ends after 30 minutes (Leanplum contract 3.1). */
export const pauseTimeoutMs = 30 * 60 * 1000;
/** A session is billed when it begins this long after the latest pause on its device (Leanplum contract 3.4). */
export const billingGapMs = 30 * 60 * 1000;
/** Sessions of one profile that are open at the same time, on as many devices; the least recently active one ends. */
export const openSessionsMax = 64;
/** Pauses that a profile remembers, one a device, for as long as they matter for billing. */
export const pausesMax = 64;
/** Devices of developers that a project knows; the one registered longest ago gives way. */
export const developerDevicesMax = 1_000;
