/**
 * What the client uses of the Fetch standard. Called without `this`, as the browsers' own must be.
 */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>
