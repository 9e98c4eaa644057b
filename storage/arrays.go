package storage

import (
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"
)

// Arrays must be wrapped: bun writes a bare []string as JSON.

func textArray(v []string) schema.QueryAppender { return pgdialect.Array(v) }

func int64Array(v []int64) schema.QueryAppender { return pgdialect.Array(v) }
