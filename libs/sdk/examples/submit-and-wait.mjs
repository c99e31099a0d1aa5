import { Wavekeeper } from '@wavekeeper/sdk';

const wavekeeper = new Wavekeeper(); // WAVEKEEPER_URL and WAVEKEEPER_API_KEY, else a local service
const task = await wavekeeper.tasks.submit({ title: 'Summarise README' });
console.log(await task.wait());
