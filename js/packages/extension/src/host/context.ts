/**
 * SillyTavern as we see it: types for the members of `getContext()` that are used, and the one call that fetches it.
 *
 * Several members are snapshots, so nothing may keep a context across an `await` and trust it: call `context()` again.
 * Optional members are those that some supported version lacks.
 */

import { worldNamesOnPage } from "./older.js";

export interface MediaAttachment {
  type: string;
  url: string;
  title?: string;
}

/** One entry of SillyTavern's `chat` array: exactly what is saved in the chat file. */
export interface STMessage {
  name: string;
  is_user: boolean;
  is_system: boolean;
  mes: string;
  send_date?: string | number;
  force_avatar?: string;
  extra?: Record<string, unknown> & { media?: MediaAttachment[]; type?: string; reasoning?: string };
  swipe_id?: number;
  swipes?: string[];
  swipe_info?: Record<string, unknown>[];
  [key: string]: unknown;
}

export interface STCharacter {
  name: string;
  avatar: string;
  chat?: string;
  shallow?: boolean;
  data?: Record<string, unknown> & { extensions?: Record<string, unknown> };
  [key: string]: unknown;
}

export interface STGroup {
  id: string;
  name: string;
  chat_id?: string;
  members: string[];
  disabled_members: string[];
  chats?: string[];
  [key: string]: unknown;
}

/** What the person sorts characters by. */
export interface STTag {
  id: string;
  name: string;
  [key: string]: unknown;
}

export type STListener = (...args: never[]) => unknown;

export interface STEventSource {
  on(event: string, listener: STListener): void;
  makeFirst?(event: string, listener: STListener): void;
  makeLast?(event: string, listener: STListener): void;
  removeListener(event: string, listener: STListener): void;
  emit(event: string, ...args: unknown[]): Promise<void>;
  /** Names that have, or had, listeners. */
  events?: Record<string, unknown>;
}

/** Of the visible generation that streams now, or of the last one that failed. */
export interface STStreamingProcessor {
  isFinished: boolean;
  isStopped: boolean;
  result?: string;
  /** -1 until its message stands in the chat. */
  messageId?: number;
  toolCalls?: unknown;
  /** With `continue`: the old text, and what SillyTavern puts between it and the new one. */
  continueMessage?: string;
  reasoningHandler?: { reasoning?: string };
}

export interface GenerateOptions {
  automatic_trigger?: boolean;
  quiet_prompt?: string;
  quietToLoud?: boolean;
  skipWIAN?: boolean;
  force_chid?: number;
  signal?: AbortSignal;
  quietName?: string;
  depth?: number;
}

/** A tool as SillyTavern takes it. What `action` returns is the result; what it throws is told to the model as an error. */
export interface STFunctionTool {
  name: string;
  displayName: string;
  description: string;
  parameters: Record<string, unknown>;
  action: (args: unknown) => Promise<string>;
  formatMessage: (args: unknown) => string;
  /** Asked before each generation. */
  shouldRegister: () => boolean;
  /** The turn ends with the call: no result is shown, and no reply follows. */
  stealth: boolean;
}

/** What the chat and text completion services yield while streaming. `text` is cumulative. */
export interface ServiceChunk {
  text: string;
  swipes?: string[];
  state?: { reasoning?: string | null };
}

export type ServiceReply = { content: unknown; reasoning?: string } | (() => AsyncGenerator<ServiceChunk>);

export interface CompletionService {
  sendRequest(data: Record<string, unknown>, extract: boolean, signal: AbortSignal): Promise<ServiceReply>;
  presetToGeneratePayload(
    preset: Record<string, unknown>,
    overridePreset: Record<string, unknown>,
    overridePayload: Record<string, unknown>,
  ): Promise<Record<string, unknown>>;
}

export interface STContext {
  chat: STMessage[];
  characters: STCharacter[];
  groups: STGroup[];
  name1: string;
  name2: string;
  characterId: string | number | undefined;
  groupId: string | null | undefined;
  chatMetadata: Record<string, unknown>;
  extensionPrompts?: Record<string, { value: string } | undefined>;
  tagMap?: Record<string, string[]>;
  tags?: STTag[];
  accountStorage?: { removeItem(key: string): void };
  onlineStatus: string;
  mainApi: string;
  maxContext: number;
  streamingProcessor: STStreamingProcessor | null;
  eventSource: STEventSource;
  eventTypes: Record<string, string>;
  chatCompletionSettings: Record<string, unknown>;
  textCompletionSettings: Record<string, unknown>;
  powerUserSettings: Record<string, unknown>;
  extensionSettings: Record<string, unknown>;
  ChatCompletionService?: CompletionService;
  TextCompletionService?: CompletionService;
  getCurrentChatId: () => string | undefined;
  generate: (type: string, options?: GenerateOptions, dryRun?: boolean) => Promise<unknown>;
  generateQuietPrompt: (options: {
    quietPrompt: string;
    jsonSchema?: Record<string, unknown>;
  }) => Promise<string | undefined>;
  stopGeneration: () => boolean;
  getChatCompletionModel?: () => string;
  isToolCallingSupported?: () => boolean;
  registerFunctionTool?: (tool: STFunctionTool) => void;
  unregisterFunctionTool?: (name: string) => void;
  ToolManager?: { tools: { toFunctionOpenAI(): unknown }[] };
  SlashCommandParser?: { addCommandObject(command: unknown): void };
  SlashCommand?: { fromProps(properties: Record<string, unknown>): unknown };
  SlashCommandArgument?: { fromProps(properties: Record<string, unknown>): unknown };
  SlashCommandNamedArgument?: { fromProps(properties: Record<string, unknown>): unknown };
  ARGUMENT_TYPE?: Record<string, string>;
  getPresetManager: (api?: string) => { getSelectedPresetName(): string | undefined } | undefined;
  substituteParams: (text: string, options?: Record<string, unknown>) => string;
  setExtensionPrompt: (
    key: string,
    value: string,
    position: number,
    depth: number,
    scan?: boolean,
    role?: number,
  ) => void;
  unshallowCharacter?: (index: number) => Promise<void>;
  unshallowGroupMembers?: (groupId: string) => Promise<void>;
  timestampToMoment?: (time: string | number | undefined) => { valueOf(): number };
  loadWorldInfo: (name: string) => Promise<unknown>;
  saveWorldInfo: (name: string, data: unknown, immediately?: boolean) => Promise<void>;
  updateWorldInfoList: () => Promise<void>;
  reloadWorldInfoEditor: (name: string) => void;
  getWorldInfoNames: () => string[];
  callGenericPopup: (
    content: HTMLElement | string,
    type: number,
    input?: string,
    options?: Record<string, unknown>,
  ) => Promise<unknown>;
  POPUP_TYPE: { TEXT: number; CONFIRM: number };
  getCharacters: () => Promise<void>;
  getOneCharacter: (avatar: string) => Promise<void>;
  getTokenizerModel?: () => string;
  getTokenCountAsync: (text: string, padding?: number) => Promise<number>;
  saveChat: () => Promise<void>;
  saveMetadata: () => Promise<void>;
  saveMetadataDebounced: () => void;
  writeExtensionField?: (index: number, key: string, value: unknown) => Promise<void>;
  saveSettingsDebounced: () => void;
  renderExtensionTemplateAsync: (extension: string, template: string) => Promise<string>;
  translate?: (text: string, key?: string) => string;
  addOneMessage: (message: STMessage, options?: Record<string, unknown>) => void;
  updateMessageBlock: (index: number, message: STMessage) => void;
  deleteMessage: (index: number, swipe?: number, ask?: boolean, tools?: boolean) => Promise<void>;
  deleteLastMessage: () => Promise<void>;
  printMessages: () => Promise<void>;
  reloadCurrentChat: () => Promise<void>;
  clearChat?: (options: { clearData: boolean }) => Promise<void>;
  selectCharacterById: (index: number, options?: { switchMenu?: boolean }) => Promise<void>;
  openGroupChat: (groupId: string, chatId: string) => Promise<void>;
  activateSendButtons: () => void;
  deactivateSendButtons: () => void;
  humanizedDateTime?: () => string;
  getRequestHeaders: () => Record<string, string>;
  appendMediaToMessage?: (message: STMessage, element: unknown) => void;
  t?: (strings: TemplateStringsArray, ...values: unknown[]) => string;
  swipe?: {
    to(
      event: null,
      direction: "left" | "right",
      options?: { message?: STMessage; forceSwipeId?: number },
    ): Promise<unknown>;
    isAllowed(): boolean;
    refresh?(counters?: boolean): unknown;
  };
}

declare const SillyTavern: { getContext(): STContext } | undefined;

/** A fresh context. Throws when this page is not (yet) SillyTavern. */
export function context(): STContext {
  if (typeof SillyTavern === "undefined") throw new Error("This page is not SillyTavern.");
  const found: Partial<Pick<STContext, "getWorldInfoNames">> & Omit<STContext, "getWorldInfoNames"> =
    SillyTavern.getContext();
  return Object.assign(found, { getWorldInfoNames: found.getWorldInfoNames ?? worldNamesOnPage });
}
