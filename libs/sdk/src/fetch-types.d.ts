/** What `fetch` takes for a body; Node has it, and its types do not name it. The generated client does. */
type BodyInit = NonNullable<RequestInit['body']>;
