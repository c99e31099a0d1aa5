import type { McpTool } from './mcp-tool.js';
import { createMissionTool, listMissionsTool, missionStatusTool, sendMessageTool } from './tools/missions.js';
import {
  answerQuestionTool,
  listQuestionsTool,
  rotateConductorTool,
  waveContextTool,
} from './tools/steering.js';
import {
  cancelTaskTool,
  getTaskTool,
  listTasksTool,
  submitTasksTool,
  submitTaskTool,
} from './tools/tasks.js';

/** Every tool there is, in the order in which they are listed: each is read by every agent, so there are few. */
export const MCP_TOOLS: readonly McpTool[] = [
  submitTaskTool,
  submitTasksTool,
  listTasksTool,
  getTaskTool,
  cancelTaskTool,
  createMissionTool,
  listMissionsTool,
  missionStatusTool,
  sendMessageTool,
  listQuestionsTool,
  answerQuestionTool,
  rotateConductorTool,
  waveContextTool,
];
