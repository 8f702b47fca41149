/** The HS256 secret of every token in these tests. */
export const secret = 'a secret for tests, long enough for HS256'
