/** The bounds of the page, each with what happens there. */
export const limits = {
  /**
   * Tabs of the same browser answer within a few milliseconds; then a tab asks the person for a
   * token.
   */
  tabsAnswerMs: 150,
  /** Later than this after the page began to load, nothing that it asked for at once is used. */
  askedEarlyMs: 5_000,
  /** A request that takes longer fails with a sentence. */
  requestMs: 15_000,
  /**
   * Clocks that differ by less count as the same; where they differ by more, ages are told by the
   * clock of the mesh.
   */
  clockOffMs: 60_000,
  /** A page that draws 50,000 events a second takes a quarter of a megabyte between two frames. */
  windowBytes: 2_097_152,
  /**
   * The hub's address is asked for again at random up to this; the span doubles up to the maximum.
   */
  askAgainMs: 250,
  askAgainMaxMs: 5_000,
  /** While the read API does not answer it is asked again so much later. */
  readAgainMs: 2_000,
  /** The end of a token is said loudly from so long before it. */
  tokenSoonMs: 300_000,
  /** A service speaks every five seconds; one that was not heard for so long is shown as late. */
  serviceLateMs: 12_000,
  /** Sessions that the page of the mesh shows; of more, those that are furthest behind. */
  sessionsShown: 100,
  /** How often the hubs are asked for them. */
  sessionsLookMs: 3_000,
  /** The address bar changes no more often; browsers allow about ten changes a second. */
  addressMs: 150,
  /** A question that follows what is typed waits for so long for the next letter. */
  typingMs: 250,
  /** How often the projector is asked how far it is. */
  projectorLookMs: 3_000,

  /** A cell shows no more characters of a text. */
  cellTextMax: 240,
  /** Rows whose fields are looked at for the columns of a table. */
  columnRowsRead: 60,
  /** Fields from which columns can be chosen; rarer ones are not offered. */
  columnChoicesMax: 24,
  /** Characters behind the point of a number, and of its unit, for which a column keeps room. */
  cellEndMax: 8,
  /** An object of many members shows the first of them. */
  fieldsMax: 64,
  /** Fields that stand for an event in one line. */
  textFieldsShown: 8,
  /** Characters of a subject's end that are kept in sight where it is cut. */
  subjectTailMax: 34,
  /**
   * Characters of JSON that are shown at first: more make the layout slow, and are one click away.
   */
  jsonShownMax: 20_000,
  /** Of what is copied so much is shown; all of it is copied. */
  copyShownMax: 4_000,
  /** Bytes of a dead letter that are shown; its size is told. */
  letterBytesShown: 4_096,
  /** A rate is the mean of so many seconds. */
  rateWindowSeconds: 10,
  /** Subjects that completion knows; of more, the first that came. */
  seenSubjectsMax: 50_000,
  /** Of so many subjects labels and type are known as well; of more, the newest. */
  readSubjectsMax: 5_000,
  /** Completions in one list. */
  suggestionsMax: 8,

  /** Stored events that are shown as the live page opens. */
  tailPastMax: 200,
  /**
   * Live events do not wait longer for what is stored; what comes later is shown if none has come.
   */
  tailPastMs: 1_000,
  /**
   * Events a second above which, for so many seconds, the live page reads the newest of each
   * subject at intervals; below half of it, it reads all again.
   */
  tailRateMax: 4_000,
  tailWeighSeconds: 2,
  tailSampleMs: 500,
  /** When more rows than this are new since the last picture, the next one waits for so long. */
  tailCalmRows: 24,
  tailCalmMs: 100,
  /** Rows that the live page keeps; older ones are in the history. */
  tailRowsMax: 10_000,
  /** Rows that the read API brings before the hub does. */
  firstRows: 60,
  /** Subjects that the state page holds; further ones are counted. */
  stateSubjectsMax: 200_000,
  /** Places of one level of their tree; how many subjects the others have is said. */
  treeLevelMax: 300,
  /** Rows of the tree; those below are not shown. */
  treeRowsMax: 2_000,
  /** From here on the state page is drawn anew after the time below, not in the next frame. */
  manySubjects: 10_000,
  manySubjectsDrawMs: 250,
  /** A subject that was removed is shown as such for so long. */
  goneShownMs: 1_500,
  /**
   * Events of one subject in its details, and points of the line over them; older ones go first.
   */
  momentsMax: 1_000,
  momentPointsMax: 120,
  /** When alerts opened or closed, the projector is asked so much later which are inhibited. */
  inhibitorsAskMs: 1_000,
  /** Alerts that are known to be inhibited; further ones count as loud. */
  inhibitedAlertsMax: 1_000,
  /** Urgent alerts that fire within so long are one sound. */
  urgentGatherMs: 300,
  /** Of more urgent alerts at once there is one notification with their number. */
  notificationsMax: 3,
  /** One tab of a browser sounds for so long for all of them. */
  soundTurnMs: 1_500,
  /** Notifications that all tabs of a browser know to be shown; older ones are forgotten. */
  noticesKnownMax: 50,
  /** Samples of the flow of the mesh, one a second; the oldest goes first. */
  flowSamplesMax: 120,
  /** Fewer samples are drawn as far apart as so many. */
  flowSamplesLeast: 30,
  /** Subjects whose rates the mesh page compares; further ones are passed over. */
  livelySubjectsMax: 5_000,
  /** Rows of a list of the liveliest subjects. */
  livelyShown: 18,
  /** They keep their order for so long. */
  livelyOrderSeconds: 5,
  /** The past of a machine that a tile draws. */
  machineSeconds: 900,
  /** A start board of somebody's own that comes later takes the place of the page's. */
  startBoardMs: 300,
  /** What an event counts for in that halves in so long. */
  livelyHalfLifeSeconds: 120,
  /** After so long without a reading of a machine no line is drawn: nobody knows what was. */
  hostSilenceSeconds: 15,
  /** The past of a machine is asked for in points this far apart. */
  hostStepSeconds: 5,

  /** A longer step is drawn by its mean; a shorter one by its last value, as what comes live is. */
  meanFromMs: 60_000,
  /** Two fingers on a chart make what it shows no shorter, and no longer. */
  zoomLeastMs: 10_000,
  zoomMostMs: 604_800_000,
  /** A finger that moves less than this taps. */
  tapPx: 8,
  /** Series of one chart; further ones are not drawn. */
  chartLinesMax: 12,
  /** Charts of the history; more units than these are listed without one. */
  chartsMax: 4,
  /** Fields that the title of a chart names; others are in the list below. */
  chartFieldsNamed: 4,
  /** Series of one answer that are told apart; further ones are left out. */
  seriesNamesMax: 400,
  /** Pages of one history that are asked for; what follows is left out. */
  historyPagesMax: 5,

  /** Faults of a board that are shown at once. */
  boardFaultsMax: 20,
  /** Edits of a board that can be taken back; older ones cannot. */
  boardUndoStepsMax: 100,
  /** A subscription has no more filters; a board with more has further subscriptions. */
  boardFiltersMax: 32,
  /** What is done is seen at once, and what comes together is read in less than a frame. */
  boardIntervalMs: 20,
  /**
   * Subjects whose tiles are remembered; past it all are forgotten, and found again as events come.
   */
  boardSubjectsMax: 100_000,
  /** Values of a board's variable that are offered as it is typed; further ones are not. */
  valuesOfferedMax: 2_000,
  /** How often boards are read again, as others save them too. */
  boardsLookMs: 30_000,
  /** A wall shows each board for so long. */
  boardRotateMs: 30_000,
  /** A pointer on a wall that was not moved for so long is hidden. */
  pointerRestMs: 3_000,
  /** Of a large board the tiles so far out of sight are drawn; others when they come so near. */
  tileMarginPx: 240,
  /** Of a list of alerts those so far out of sight are drawn; and so many are listed at all. */
  rowsMarginPx: 1_200,
  alertsListedMax: 2_000,
  /** In a tile narrower than this a row has two lines, and says no more than tells it apart. */
  narrowTilePx: 480,
  /** Tiles that are drawn in one frame; further ones are drawn in the next. */
  tilesDrawnPerFrame: 48,
  /** Tiles of many values that come due together are drawn over so many frames. */
  spreadFrames: 8,
  /** From here on tiles have no trend and no fading, which cost a paint a tile a frame. */
  largeBoardTiles: 200,
  /** Subjects whose values one tile holds; further ones are left out. */
  tileValuesMax: 20_000,
  /** A tile of so many values is written anew no more often than in so long. */
  manyValues: 50,
  calmMs: 500,
  /** A number that changed is lit for about so long, and fades as long; then it may be lit anew. */
  kpiFlashMs: 600,
  /** Points of a tile's trend; the oldest goes first. They stand at least so far apart. */
  trendPointsMax: 60,
  trendStepMs: 500,
  /** Rows of a table tile; further ones are not shown. */
  tableRowsMax: 100,
  /** Rows of a tile of alerts; further ones are counted. */
  tileAlertsMax: 50,
  /** Lanes of a state tile, and cards of one; further ones are not shown. */
  stateLanesMax: 12,
  laneCardsMax: 40,
  /** Runs of a tile of pipelines, the newest; and columns of their stages. */
  runsShown: 20,
  runStagesMax: 24,
  /** Stored steps that tell how long stages took before the page was open; older ones do not. */
  stepsPastMax: 1_000,
  /** Cells of a heat map; further ones are not shown. */
  heatCellsMax: 5_000,
  /** What was not heard for so long is hatched in it, where the tile does not say how long. */
  heatStaleMs: 60_000,
  /**
   * A cell that changed is framed for so long, in steps of fading; a step paints the cell. A map of
   * many values is painted no more often than once a step.
   */
  heatFlashMs: 600,
  heatFlashStepMs: 100,
  /** Rows and cells that are ordered by a number keep their places for so long. */
  orderMs: 1_000,
  /** The change of a number is against its mean of about so long. */
  changeSpanMs: 60_000,
} as const
