// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceipts, Role} from "./IReceipts.sol";

/// @notice What an asset is. The numbers are part of the ABI: new kinds are added at the end.
enum AssetKind {
    AGENT,
    VAULT,
    MODEL
}

/// @title What was published, by whom, and who shares in what it earns
/// @notice An asset is one published version and never changes, `frozen` aside. The versions of one work form a series;
///         a series is named by the id of its first version. Ids count from 1.
interface IAssetRegistry {
    struct Asset {
        address author;
        uint64 createdAt;
        /// The part of each metered charge that is divided among the assets an answer cites, in ten-thousandths.
        uint16 poolBps;
        AssetKind kind;
        /// Taken down: no sale and no use from now on. What was earned before stays claimable.
        bool frozen;
        uint64 series;
        /// `keccak256(abi.encode(uint8 version, bytes32 salt, bytes32 ciphertextRoot, bytes32 manifestHash))`: salted and
        /// over the ciphertext, so that it tells nothing about the content and means nothing once the data key is gone.
        bytes32 contentCommit;
        bytes32 passportHash;
    }

    struct Share {
        address holder;
        /// In ten-thousandths; the shares of an asset add up to 10000.
        uint16 shareBps;
        Role role;
    }

    struct Registration {
        AssetKind kind;
        /// 0 begins a new series; otherwise a series whose first version the caller registered.
        uint256 series;
        bytes32 contentCommit;
        bytes32 passportHash;
        /// Where the passport can be read. Kept in the event only.
        string uri;
        uint16 poolBps;
        /// One receipt each, in this order; 1 to 32.
        Share[] shares;
        /// Assets that a settlement may pay from the pool; at most 100. They exist already, so there are no cycles.
        uint256[] dependencies;
    }

    event AssetRegistered(
        uint256 indexed assetId,
        uint256 indexed series,
        address indexed author,
        AssetKind kind,
        bytes32 contentCommit,
        bytes32 passportHash,
        uint16 poolBps,
        uint256[] dependencies,
        string uri
    );
    event AssetFrozen(uint256 indexed assetId, bool frozen);

    error SharesNot10000(uint256 sum);
    error EmptyShare(uint256 position);
    error TooManyHolders(uint256 count, uint256 most);
    error TooManyDependencies(uint256 count, uint256 most);
    error PoolTooHigh(uint16 poolBps, uint16 most);
    error EmptyCommit();
    error UnknownAsset(uint256 assetId);
    error UnknownSeries(uint256 series);
    error NotAuthor(uint256 series, address author, address caller);

    /// @notice Publish an asset version and mint its receipts. The caller becomes its author.
    function register(Registration calldata registration) external returns (uint256 assetId);

    /// @notice Stop, or allow again, the sale and use of one version. Needs the role TAKEDOWN.
    function setFrozen(uint256 assetId, bool frozen) external;

    /// @notice The asset; reverts where there is none.
    function getAsset(uint256 assetId) external view returns (Asset memory);

    /// @notice What a settlement needs to know of an asset; reverts where there is none.
    function poolOf(uint256 assetId) external view returns (uint64 series, uint16 poolBps);

    /// @notice What a license needs to know of an asset; the series is 0 where there is none.
    function statusOf(uint256 assetId) external view returns (uint64 series, bool frozen);

    /// @notice Who may publish further versions of the series and offer terms for it; reverts where there is none.
    function authorOf(uint256 series) external view returns (address);

    /// @notice Whether the pool of `assetId` may pay `payee`: itself, or a dependency it declared.
    function mayPay(uint256 assetId, uint256 payee) external view returns (bool);

    function assetCount() external view returns (uint256);

    function receipts() external view returns (IReceipts);
}
