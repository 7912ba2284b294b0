"""Files that come by themselves: fetched from an address or found in a watched folder, then loaded through the door every file takes."""
