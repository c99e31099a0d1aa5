/** How an agent turns a conversation that has grown too long into a mission, and goes on beside it. */
export function handOverText(objective: string | undefined): string {
  const goal =
    objective === undefined || objective.trim() === '' ? '' : `The objective is: ${objective.trim()}\n\n`;
  return `${goal}This conversation has grown long. Hand its open work over to Wavekeeper, so that nothing depends on it any more.

1. Create a mission with create_mission. The objective is what the person wants in the end, in their words. Give as directives every standing instruction that the person has given and that still holds, each verbatim, one rule each. Give acceptance criteria only where the person has named them.
2. Submit what is still open with submit_tasks, one task for each piece of work that can be done and reviewed by itself. Give each a short key of your own, name in depends_on what has to be done first, and write into the instructions all that whoever does it has to know: paths, names, decisions taken, what has failed before. They see nothing of this conversation.
3. Say in one send_message what no task carries: the state of things, decisions and their reasons, dead ends. Keep it under 3,000 characters.
4. Show the person the mission’s id, the tasks and the directives, and ask whether anything is missing.

Do not hand over what is done. Do not invent work. Afterwards read mission_status now and then instead of keeping results here.`;
}
