/** The shapes that the server speaks, under the names this app uses for them. Nothing is retyped here. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Session = Schemas['SessionOut'];
export type User = Schemas['UserOut'];
export type Wallet = Schemas['WalletOut'];

export type Vault = Schemas['VaultOut'];
export type ProtectionLevel = Schemas['ProtectionLevel'];
export type OwnerModePromise = Schemas['PromiseOut'];
export type OwnerModeChoice = Schemas['ModeIn'];
export type Unlocking = Schemas['UnlockIn'];
export type VaultDocument = Schemas['DocumentOut'];
export type WebSource = Schemas['WebSourceOut'];
export type Stage = Schemas['Stage'];
export type DocumentPage = Schemas['DocumentPageOut'];
export type VaultContents = Schemas['ContentsOut'];
export type Chunk = Schemas['ChunkOut'];
export type Chunking = Schemas['Chunking'];
export type ChunkingChoices = Schemas['ChunkingChoices'];
export type Recutting = Schemas['RecuttingOut'];
export type Upload = Schemas['UploadOut'];
export type DocumentText = Schemas['DocumentTextOut'];
export type Passage = Schemas['PassageOut'];
export type SearchFilters = Schemas['FiltersIn'];
export type SearchResult = Schemas['SearchOut'];
export type LeftOut = Schemas['LeftOutOut'];
export type Ranks = Schemas['RanksOut'];
export type Relevance = Schemas['RelevanceOut'];

export type AgentSummary = Schemas['AgentSummary'];
export type Agent = Schemas['AgentOut'];
export type AgentTemplate = Schemas['TemplateOut'];
export type AgentVersion = Schemas['VersionOut'];
export type Difference = Schemas['DifferenceOut'];
export type StepChange = Schemas['StepChange'];
export type SettingChange = Schemas['SettingChange'];
export type KeptDraft = Schemas['KeptDraftOut'];
export type RunSummary = Schemas['RunSummary'];
export type Trace = Schemas['TraceOut'];
export type TraceStep = Schemas['TraceStep'];
export type RepeatChange = Schemas['RepeatIn'];
export type AgentTest = Schemas['TestOut'];
export type AgentTestSet = Schemas['TestSetOut'];
export type TestBody = Schemas['TestIn'];
export type TestResult = Schemas['TestResultOut'];
export type TestReport = Schemas['ReportOut'];
export type ReportLine = Schemas['ReportLine'];
export type Check = TestBody['checks'][number];
export type Publication = Schemas['PublishIn'];

export type CatalogueEntry = Schemas['CatalogueEntryOut'];
export type Terms = Schemas['TermsOut'];
export type License = Schemas['LicenseOut'];
export type PreparedTransaction = Schemas['TransactionOut'];

export type ChatSummary = Schemas['ChatSummary'];
export type Chat = Schemas['ChatOut'];
export type Message = Schemas['MessageOut'];
export type Citation = Schemas['Citation'];
export type NotReady = Schemas['NotReady'];
/** The passages that did not fit into a model's window. */
export type Unread = Schemas['LeftOut'];
export type Inquiry = Schemas['InquiryOut'];
export type Sentence = Schemas['AnswerSentence'];

export type ModelChoice = Schemas['ModelChoiceOut'];
export type RegisteredModel = Schemas['RegisteredModelOut'];
export type ModelServer = Schemas['ModelServerChange'];

export type Receipt = Schemas['ReceiptOut'];
export type Settlement = Schemas['SettlementOut'];
export type ApiKey = Schemas['ApiKeyOut'];
export type StoredSecret = Schemas['SecretOut'];
export type McpTool = Schemas['McpToolOut'];
export type ToolArgument = Schemas['Argument'];
/** One thing that an agent remembers of the person who is signed in. */
export type Fact = Schemas['FactOut'];

/** The palette travels as free JSON (each kind brings its own JSON schema), so its frame is described here. */
export interface NodeKind {
  kind: string;
  version: number;
  title: string;
  help: string;
  category: string;
  inputs: readonly Socket[];
  outputs: readonly Socket[];
  /** Outputs that a person adds: one for each row of a setting, named by its id and titled by its name. */
  outputs_from: { setting: string; type: string; passes: string | null } | null;
  /** False for what is only drawn. */
  runs: boolean;
  /** What the steps that are drawn inside see: what a round begins with, and where it leads back; null where none are. */
  body: { begins: readonly Socket[]; ends: readonly Socket[] } | null;
  /** Whether such a step may be drawn inside others. */
  goes_inside: boolean;
  /** What its steps may do when they fail, besides trying again; none for those that cannot fail. */
  recoveries: readonly ('default' | 'branch')[];
  settings_schema: Record<string, unknown>;
  example: Record<string, unknown>;
}

export interface Socket {
  name: string;
  title: string;
  type: string;
  /** For inputs: whether an edge is needed here. */
  required?: boolean;
  /** For outputs: the input whose value, and so whose type, comes out here. */
  passes?: string | null;
}
