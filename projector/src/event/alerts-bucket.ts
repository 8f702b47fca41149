/** The bucket that holds the last event of each alert. */
export const alertsBucket = 'alerts'
