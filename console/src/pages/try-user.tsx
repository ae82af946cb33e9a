/** Every value that a user would get. */

/** Draws the page. */
export function TryUserPage() {
  return (
    <div className="page">
      <h1>Try a user</h1>
    </div>
  );
}
