"""The relations: names of endpoints, databags as typed values, and transferred certificates."""
