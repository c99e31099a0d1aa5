-- Each new link removes those of its tenant that have run out: only they are read.
CREATE INDEX "answer_link_tenant_id_expires_at_idx" ON "answer_link"("tenant_id", "expires_at");
