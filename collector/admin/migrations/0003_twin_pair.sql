-- Which pair the head of the twin's audit was told in: another twin has another
-- audit. '' is not known: it was written down before this column was there.
ALTER TABLE state ADD COLUMN twin_pair TEXT NOT NULL DEFAULT '';
